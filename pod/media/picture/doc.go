// Package picture makes the still pictures of a video: it reads pictures that strangers
// sent, brings them to the two sizes that Peerpod keeps, and draws the placeholder for a
// video without one.
//
// Decode looks at the head of a picture first and refuses more than MaxPixels, so that a
// small file can not unfold to gigabytes. It knows JPEG, PNG, GIF (the first picture) and
// WebP. What comes out is pixels only: comments, places and scripts in the file stay
// behind, because Make writes a new JPEG.
//
//	img, err := picture.Decode(upload)
//	if err == nil {
//		pair, err = picture.Make(img)
//	}
//
// Sizes: a preview fits in 1280 x 1280 pixels, a thumbnail in 480 x 480; the shape stays
// and nothing is made larger. Transparent parts become the page's light background.
//
// All functions are safe for concurrent use and keep nothing; a picture of MaxPixels
// takes about 100 MB while it is worked on, so callers bound how many run at once.
package picture
