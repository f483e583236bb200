package theme

import (
	"fmt"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"

	"github.com/peerpod/peerpod/assets"
)

// Mark is Peerpod's sign, an open pod with three seeds, in the colour of that name.
func Mark(name fyne.ThemeColorName) fyne.Resource {
	return fynetheme.NewColoredResource(icon("mark.svg"), name)
}

// Icon is the picture of the program for the desktop.
func Icon() fyne.Resource { return icon("peerpod.svg") }

// icon reads an embedded picture; that it is there is kept by a test.
func icon(name string) fyne.Resource {
	data, err := assets.Icon(name)
	if err != nil {
		panic(fmt.Errorf("embedded icon: %w", err))
	}
	return fyne.NewStaticResource(name, data)
}
