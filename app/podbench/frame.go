package main

import (
	"context"
	"fmt"
	"time"

	"github.com/chromedp/chromedp"
)

// firstFrame gives the milliseconds from a click to the first picture, by the page's
// player and by a bare video element with the same file, each in a fresh page.
const (
	byPlayer = `new Promise((done) => {
		const begun = performance.now();
		document.querySelector("video").requestVideoFrameCallback(() => done(performance.now() - begun));
		document.querySelector("#play").click();
	})`
	byElement = `new Promise((done) => {
		const begun = performance.now(), video = document.createElement("video");
		video.muted = true;
		video.src = %q;
		document.body.append(video);
		video.requestVideoFrameCallback(() => done(performance.now() - begun));
		void video.play();
	})`
)

// benchFrame times the first picture in Chromium.
func benchFrame(ctx context.Context, dir string) ([]figure, error) {
	p, v, err := podWithFilm(ctx, dir, 30<<20)
	if err != nil {
		return nil, err
	}
	defer closePod(ctx, p)
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("autoplay-policy", "no-user-gesture-required"))
	alloc, stop := chromedp.NewExecAllocator(ctx, flags...)
	defer stop()
	tab, end := chromedp.NewContext(alloc)
	defer end()
	if err := chromedp.Do(tab); err != nil { // the browser lives as long as the context that starts it
		return nil, err
	}
	watch, file := p.LocalURL()+"/w/"+v.UUID.Short()+"?muted=1", p.LocalURL()+"/static/web-videos/"+v.Files[0].Name
	var ours, bare []time.Duration
	for range 5 { // in turns, so that both see the same machine
		a, err := frameTime(tab, watch, byPlayer)
		if err != nil {
			return nil, fmt.Errorf("by the player: %w", err)
		}
		b, err := frameTime(tab, p.LocalURL()+"/?search=nothing", fmt.Sprintf(byElement, file))
		if err != nil {
			return nil, fmt.Errorf("by a bare element: %w", err)
		}
		ours, bare = append(ours, a), append(bare, b)
	}
	return []figure{{
		what: "click → first frame in Chromium (MediaSource)", ours: seconds(median(ours)), floor: "bare <video> by HTTP " + seconds(median(bare)),
		ratio: ratio(median(ours), median(bare)), goal: "1.6–2.5 s was the spike's",
	}}, nil
}

func frameTime(tab context.Context, url, script string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(tab, time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate(url)); err != nil {
		return 0, err
	}
	ms, err := chromedp.Run(ctx, chromedp.Evaluate[float64](script, chromedp.EvalAwaitPromise))
	return time.Duration(ms * float64(time.Millisecond)), err
}
