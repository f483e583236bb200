package pod

import (
	"fmt"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Lengths in characters, as API.md section 3 gives them.
const (
	MinNameLen        = 3
	MaxNameLen        = 120
	MaxDescriptionLen = 10_000
	MaxSupportLen     = 1_000
	MaxTags           = 5
	MinTagLen         = 2
	MaxTagLen         = 30
)

// Validate tells the first rule of API.md that the texts break, as an *Error whose
// message is for the person. It wants text that Clean has seen.
func (m *VideoMeta) Validate() error {
	if err := checkText("name", "title", m.Name, MinNameLen, MaxNameLen); err != nil {
		return err
	}
	if err := checkText("description", "description", m.Description, 0, MaxDescriptionLen); err != nil {
		return err
	}
	if err := checkText("support", "support text", m.Support, 0, MaxSupportLen); err != nil {
		return err
	}
	if len(m.Tags) > MaxTags {
		return Invalid("tags", fmt.Sprintf("A video can have %d tags at most.", MaxTags))
	}
	for _, tag := range m.Tags {
		if err := checkText("tags", "tag", tag, MinTagLen, MaxTagLen); err != nil {
			return err
		}
	}
	return m.validateNumbers()
}

func (m *VideoMeta) validateNumbers() error {
	if m.Privacy < PrivacyPublic || m.Privacy > PrivacyChosen {
		return Invalid("privacy", "The privacy is not one of those at /api/v1/videos/privacies.")
	}
	if m.Privacy > PrivacyInternal {
		return Invalid("privacy", "This version of Peerpod can not keep a video behind a password or for friends only yet. Choose public, unlisted, private or internal.")
	}
	if _, ok := Categories[m.Category]; !ok && m.Category != 0 {
		return Invalid("category", "The category is not one of those at /api/v1/videos/categories.")
	}
	if _, ok := Licences[m.Licence]; !ok && m.Licence != 0 {
		return Invalid("licence", "The licence is not one of those at /api/v1/videos/licences.")
	}
	if !validLanguage(m.Language) {
		return Invalid("language", "The language is not one of those at /api/v1/videos/languages.")
	}
	if m.CommentsPolicy < 1 || m.CommentsPolicy > 3 {
		return Invalid("comments_policy", "The comments policy is 1, 2 or 3.")
	}
	return nil
}

// DefaultMeta is what a video has that nobody described: public, downloads allowed.
func DefaultMeta() VideoMeta {
	return VideoMeta{Privacy: PrivacyPublic, CommentsPolicy: 1, DownloadEnabled: true}
}

func checkText(field, word, text string, least, most int) error {
	if !utf8.ValidString(text) {
		return Invalid(field, fmt.Sprintf("The %s is not valid UTF-8 text.", word))
	}
	if n := utf8.RuneCountInString(text); n < least || n > most {
		if least > 0 {
			return Invalid(field, fmt.Sprintf("The %s has %d characters; %d to %d are allowed.", word, n, least, most))
		}
		return Invalid(field, fmt.Sprintf("The %s has %d characters; %d are allowed at most.", word, n, most))
	}
	for _, r := range text {
		if unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' {
			return Invalid(field, fmt.Sprintf("The %s has a control character.", word))
		}
	}
	return nil
}

func validLanguage(code string) bool {
	if len(code) > 10 {
		return false
	}
	for _, r := range code {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' && r != '_' {
			return false
		}
	}
	return true
}

// NameFromFile makes a title from a file's name: without folder and extension, control
// characters dropped, cut at 120 characters, padded to 3.
func NameFromFile(file string) string {
	base := path.Base(strings.ReplaceAll(file, `\`, "/"))
	if dot := strings.LastIndexByte(base, '.'); dot > 0 {
		base = base[:dot]
	}
	name := strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, base))
	if runes := []rune(name); len(runes) > MaxNameLen {
		name = strings.TrimSpace(string(runes[:MaxNameLen]))
	}
	for utf8.RuneCountInString(name) < MinNameLen {
		name += "_"
	}
	return name
}

// ValidAccountName tells whether the name is 2 to 50 of a-z, 0-9, dot and underscore.
func ValidAccountName(name string) bool {
	if len(name) < 2 || len(name) > 50 {
		return false
	}
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.' && r != '_' {
			return false
		}
	}
	return true
}
