// Package viewmodel decides what the window shows. It knows no window toolkit.
//
// It owns the state of each screen (Videos, Imports, Editor, Friends, Status), the loading of
// posters, and the way from a dropped path to the files behind it. It does not own
// words: times, sizes and failures leave it as values, and package screen finds the
// words in the person's language.
//
// Each view model has one State, a plain value that is replaced and never changed;
// methods are the person's actions; OnChange names the one function that hears of a new
// State. Model holds them all and gives them one life:
//
//	model := viewmodel.New(ctx, viewmodel.Config{Backend: backend, Dispatch: fyne.Do})
//	model.Videos.OnChange(func(s viewmodel.VideosState) { grid.Show(s) })
//	model.Start()
//	model.Videos.Open(viewmodel.PlaceHome)
//	...
//	model.Close()
//
// Goroutines: there is one main goroutine, the window's. Every exported method is called
// on it and every OnChange function runs on it, so the State needs no lock. Work that may
// wait (the library, pictures, folders) runs on goroutines of the view model; its result
// comes back through Config.Dispatch. Close cancels that work, Wait waits for its end, and
// what comes back after Close is dropped.
//
// Lists are sparse: Videos loads pages of the library as they come into sight and keeps a
// bounded number of them; Posters keeps a bounded number of bytes.
//
// Errors of the backend become a Failure: the sentence of a *pod.Error where there is one,
// else the kind alone. Progress and change notices are merged to five a second.
package viewmodel
