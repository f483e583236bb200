package federation

import (
	"context"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/pod/seal"
)

func TestIntroductionsForget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newIntroductions(pod.DefaultLimits())
		end := i.begin("a", outgoing{to: testID(1), url: "http://a.example"})
		if o, ok := i.underway("a", testID(1)); !ok || o.url != "http://a.example" {
			t.Errorf("underway(a) = %+v, %v, want it", o, ok)
		}
		if _, ok := i.underway("a", testID(2)); ok {
			t.Error("underway(a, another pod) = true, want false")
		}
		end()
		if _, ok := i.underway("a", testID(1)); ok {
			t.Error("underway(ended) = true, want false")
		}
		i.begin("b", outgoing{to: testID(1)})
		nonce := i.give(testID(1), "http://a.example")
		<-time.After(introLife + time.Second)
		if _, ok := i.underway("b", testID(1)); ok {
			t.Error("underway(old) = true, want false")
		}
		if i.take(testID(1), "http://b.example", nonce) || i.take(testID(2), "http://a.example", nonce) || i.take(testID(1), "http://a.example", seal.NewNonce()) {
			t.Error("take(what was not given) = true, want false")
		}
		if !i.take(testID(1), "http://a.example", nonce) || i.take(testID(1), "http://a.example", nonce) {
			t.Error("take() does not give exactly one time")
		}
		nonce = i.give(testID(1), "http://a.example")
		<-time.After(proveLife + time.Second)
		if i.take(testID(1), "http://a.example", nonce) {
			t.Error("take(old) = true, want false")
		}
	})
}

func TestIntroductionsAreBounded(t *testing.T) {
	i := newIntroductions(pod.DefaultLimits())
	for n := range 2 * introMemory {
		i.give(testID(n), "http://a.example")
		i.begin(string(testID(n)), outgoing{})
	}
	if i.given.Len() != introMemory || i.out.Len() != introMemory {
		t.Errorf("remembered = %d and %d, want %d", i.given.Len(), i.out.Len(), introMemory)
	}
}

func TestSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newIntroductions(pod.DefaultLimits())
		home := func(n int) netip.Prefix { return pod.Household(netip.AddrFrom4([4]byte{8, 8, 8, byte(n)})) }
		var releases []func()
		hold := func(n int) {
			t.Helper()
			release, ok := i.slot(t.Context(), home(n))
			if !ok {
				t.Fatalf("slot(%d) = false, want true", n)
			}
			releases = append(releases, release)
		}
		for range callBacksOf {
			hold(1)
		}
		began := time.Now()
		if _, ok := i.slot(t.Context(), home(1)); ok || time.Since(began) != callBackWait {
			t.Errorf("slot(a full household) = %v after %v, want false after %v", ok, time.Since(began), callBackWait)
		}
		for n := 2; len(releases) < callBacks; n++ {
			hold(n)
		}
		if _, ok := i.slot(t.Context(), home(99)); ok {
			t.Error("slot(all taken) = true, want false")
		}
		got := make(chan bool)
		go func() { // ends with the slot that is released below
			_, ok := i.slot(context.Background(), home(99))
			got <- ok
		}()
		synctest.Wait()
		releases[0]()
		if !<-got {
			t.Error("slot(one released) = false, want true")
		}
		for _, release := range releases[1:] {
			release()
		}
		if i.total != 1 || len(i.busy) != 1 {
			t.Errorf("slots taken = %d of %d households, want 1 of 1", i.total, len(i.busy))
		}
	})
}
