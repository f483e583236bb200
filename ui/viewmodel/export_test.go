package viewmodel

import "image"

// Unreadable gives tests the words for a file that can not be opened: the reason itself
// can not be made where tests run as root.
func Unreadable(err error) Failure { return FailureOf(unreadable(err)) }

// Keep hands the cache a picture as loading does, without the work of scaling it.
func (p *Posters) Keep(key PosterKey, picture *image.RGBA) { p.keep(key, picture) }
