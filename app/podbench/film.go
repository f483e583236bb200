package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// film makes an MP4 of about that many bytes: noise in H.264 at 20 Mbit/s with AAC, first
// once for some seconds, then repeated without encoding.
func film(ctx context.Context, dir, name string, sizeBytes int64) (string, error) {
	base := filepath.Join(dir, "base.mp4")
	if _, err := os.Stat(base); err != nil {
		err := ffmpeg(ctx, "-f", "lavfi", "-i", "nullsrc=size=640x360:rate=25:duration=8,geq=random(1)*255:128:128", "-f", "lavfi", "-i", "sine=duration=8",
			"-c:v", "libx264", "-preset", "ultrafast", "-b:v", "20M", "-minrate", "20M", "-maxrate", "20M", "-bufsize", "20M", "-g", "50",
			"-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest", base)
		if err != nil {
			return "", err
		}
	}
	info, err := os.Stat(base)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, name)
	times := max(0, (sizeBytes+info.Size()/2)/info.Size()-1)
	return path, ffmpeg(ctx, "-stream_loop", strconv.FormatInt(times, 10), "-i", base, "-c", "copy", path)
}

func ffmpeg(ctx context.Context, args ...string) error {
	out, err := exec.CommandContext(ctx, "ffmpeg", append([]string{"-nostdin", "-v", "error", "-y"}, args...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ffmpeg: %w: %s", err, out)
	}
	return nil
}
