package screen

import (
	"fyne.io/fyne/v2"

	"github.com/peerpod/peerpod/pod"
	"github.com/peerpod/peerpod/ui/viewmodel"
)

// Host is what screens ask of the window around them. All fields must be set.
type Host struct {
	Model  *viewmodel.Model
	Window fyne.Window
	// OpenURL opens an address in the program that the system has for it.
	OpenURL func(address string)
	// Copy puts a text on the clipboard and shows the notice for a moment.
	Copy func(text, notice string)
	// ShowVideo leads to the details of a video, ShowLibrary back to the grid.
	ShowVideo   func(v pod.Video)
	ShowLibrary func()
	// ShowFriends leads to the page of the friends.
	ShowFriends func()
	// ChooseFile lets the person choose a file to add.
	ChooseFile func()

	editing *editSheet // the dialog that was opened last
}
