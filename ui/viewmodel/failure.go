package viewmodel

import (
	"errors"

	"github.com/peerpod/peerpod/pod"
)

// Failure is what a person is told of an error. The zero Failure is none.
type Failure struct {
	Failed bool
	Kind   pod.Kind
	Msg    string // a whole sentence; empty: the screen has one for the kind
}

// FailureOf turns an error into a Failure. Only the sentence of a *pod.Error is kept:
// other texts are for the log.
func FailureOf(err error) Failure {
	if err == nil {
		return Failure{}
	}
	f := Failure{Failed: true, Kind: pod.KindOf(err)}
	if e, ok := errors.AsType[*pod.Error](err); ok {
		f.Msg = e.Msg
	}
	return f
}
