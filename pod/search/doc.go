// Package search is the full-text index over the names, tags and descriptions of videos.
//
// It answers with the numbers of videos, best first; whoever asks reads the records
// from the store. The index lies beside the database and holds nothing that cannot be
// made again from it.
//
//	index, err := search.Open(search.Config{Dir: dir})
//	changes, err := store.Changes(ctx, index.LastRev(), 500)
//	err = index.Apply(ctx, changes)
//	found, err := index.Search(ctx, search.Query{Text: "ete 2024", Count: 15})
//
// Following the catalogue: Apply keeps the last Rev in the same batch as the documents,
// so index and Rev never part. Changes at or below LastRev are skipped; they must come
// in order of Rev, without gaps, as the store's Changes gives them. An index that is
// damaged, or was written for another form of documents, is removed at Open and starts
// empty with LastRev 0.
//
// Text is text. A query is cut into words by the same rules as the videos' texts; no
// character is an operator. Case, accents and forms of width make no difference ("Été"
// finds "ete"). Every word must be found: whole, as the beginning of a word, or with
// one typo from four letters on and two from eight on. Chinese, Japanese, Thai and
// others that write without spaces are cut into pairs of characters.
//
// Order: whatever needs no typo stands before what does; then a word in the name counts
// more than one among the tags, that more than one in the description; a whole word
// more than a beginning; then the newest, then the lowest number. So the order does
// not depend on how often a word occurs elsewhere.
//
// Index is safe for concurrent use; Apply and Clear wait for each other. The folder is
// locked: a second Open of it is pod.ErrInUse. bleve runs three goroutines per open
// index and four for the whole process; Close ends the three.
//
// Sources: bleve v2 (scorch), Unicode UAX 15 (NFKD) and UAX 29 in spirit.
package search
