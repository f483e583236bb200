package search_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/search"
)

// library makes videos with names and descriptions of made-up words, some common and
// most rare, as in real texts.
func library(n int) []pod.Change {
	random := rand.New(rand.NewPCG(1, 2))
	syllables := strings.Fields("ba ke li mo nu ra sti tor wan zel pri cha dos fen gar hol")
	vocabulary := make([]string, 20_000)
	for i := range vocabulary {
		for range 2 + random.IntN(3) {
			vocabulary[i] += syllables[random.IntN(len(syllables))]
		}
	}
	zipf := rand.NewZipf(random, 1.1, 4, uint64(len(vocabulary)-1))
	sentence := func(words int) string {
		list := make([]string, words)
		for i := range list {
			list[i] = vocabulary[zipf.Uint64()]
		}
		return strings.Join(list, " ")
	}
	videos := make([]pod.Video, n)
	for i := range videos {
		videos[i] = video(pod.VideoID(i+1), sentence(3+random.IntN(6)))
		videos[i].Description = sentence(random.IntN(120))
		videos[i].Tags = []string{sentence(1), sentence(1)}
	}
	return puts(videos...)
}

func BenchmarkSearch(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		if n > 10_000 && os.Getenv("SEARCH_BENCH_LARGE") == "" {
			continue
		}
		changes := library(n)
		index := open(b, b.TempDir())
		apply(b, index, changes)
		name := changes[n/2].Video.Name
		words := strings.Fields(name)
		for kind, text := range map[string]string{
			"letter": "b", "two": "ra", "word": words[0], "typo": words[0][:2] + "x" + words[0][3:], "three": strings.Join(words[:3], " "),
			"common":  strings.Fields(changes[0].Video.Description + " ba")[0],
			"sixteen": strings.Join(strings.Fields(changes[n/2].Video.Name + " " + changes[1].Video.Name + " " + changes[2].Video.Name + " " + changes[3].Video.Name + " " + changes[4].Video.Name)[:16], " "),
			"typos":   "barekelixo holgarfexdos wansticharax", "nothing": "qqqqqqqq",
		} {
			b.Run(fmt.Sprintf("%d/%s", n, kind), func(b *testing.B) {
				for b.Loop() {
					if _, err := index.Search(b.Context(), search.Query{Text: text, Count: 15}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkApply10000(b *testing.B) {
	changes := library(10_000)
	for b.Loop() {
		dir := b.TempDir()
		index := open(b, dir)
		apply(b, index, changes)
		b.ReportMetric(megabytes(dir), "MB-disk")
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapAlloc)/1e6, "MB-heap")
	}
}

func BenchmarkApplyOne(b *testing.B) {
	index := open(b, b.TempDir())
	apply(b, index, library(1000))
	rev := pod.Rev(1000)
	for b.Loop() {
		rev++
		apply(b, index, []pod.Change{{Rev: rev, Video: video(pod.VideoID(rev), "one more video")}})
	}
}

func BenchmarkOpen10000(b *testing.B) {
	dir := b.TempDir()
	index := open(b, dir)
	apply(b, index, library(10_000))
	for b.Loop() {
		if err := index.Close(); err != nil {
			b.Fatal(err)
		}
		index = open(b, dir)
	}
}

func megabytes(dir string) float64 {
	total := int64(0)
	_ = filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			if info, err := d.Info(); err == nil {
				total += info.Size()
			}
		}
		return nil
	})
	return float64(total) / 1e6
}
