// Command podbench measures a pod beside its peers and floors in the same run and prints
// the figures as a table: seconds and bytes differ from machine to machine, ratios less.
//
//	go run ./app/podbench                 # everything, some minutes
//	go run ./app/podbench publish seed    # only these
//	go run ./app/podbench friend fanout catalogue flood
//
// It needs ffmpeg, aria2c and python3-libtorrent (see packaging/dev/deps.sh) and about
// 6 GiB in the temporary folder. README.md beside it keeps figures with their conditions.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

// figure is one line of the table.
type figure struct {
	what  string
	ours  string
	floor string // what it is compared with, and its value
	ratio string // ours / floor
	goal  string
}

// bench is one measurement.
type bench struct {
	name string
	run  func(ctx context.Context, dir string) ([]figure, error)
}

func benches() []bench {
	return []bench{
		{"upload", benchUpload},
		{"publish", benchPublish},
		{"seed", benchSeed},
		{"start", benchStart},
		{"frame", benchFrame},
		{"friend", benchFriend},
		{"fanout", benchFanout},
		{"catalogue", benchCatalogue},
		{"flood", benchFlood},
	}
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "podbench:", err)
		os.Exit(1)
	}
}

func run(only []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if contains(only, bareServer) {
		return serveBare(ctx)
	}
	fmt.Printf("podbench %s, load %s\n\n", time.Now().UTC().Format(time.DateTime), load())
	table := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "what\tours\tbeside\tratio\tgoal")
	var failed []error
	for _, b := range benches() {
		if len(only) > 0 && !contains(only, b.name) {
			continue
		}
		dir, err := os.MkdirTemp("", "podbench-")
		if err != nil {
			return err
		}
		figures, err := b.run(ctx, dir)
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", b.name, err))
		}
		for _, f := range figures {
			_, _ = fmt.Fprintln(table, strings.Join([]string{f.what, f.ours, f.floor, f.ratio, f.goal}, "\t"))
		}
		_ = table.Flush()
		_ = os.RemoveAll(dir)
	}
	return errors.Join(failed...)
}

func contains(list []string, word string) bool {
	return slices.Contains(list, word)
}

// load is the machine's load average, for the record.
func load() string {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(data))[:3], " ")
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func ratio(a, b time.Duration) string { return fmt.Sprintf("%.2f", a.Seconds()/b.Seconds()) }
