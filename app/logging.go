package app

import (
	"io"
	"log/slog"
)

// NewLogger writes lines of text or JSON to w.
func NewLogger(w io.Writer, format string) *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.LevelInfo}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
