package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/peerpod/peerpod/pod"
)

func (a *API) routeVocabulary() {
	tags := []string{"Vocabulary"}
	list := func(name, summary string, labels map[string]string) {
		typed(a, huma.Operation{OperationID: "list" + strings.ToUpper(name[:1]) + name[1:], Method: http.MethodGet, Path: "/api/v1/videos/" + name, Tags: tags, Summary: summary}, accessOpen,
			func(context.Context, *struct{}) (*body[map[string]string], error) { return answer(labels), nil })
	}
	list("categories", "Get the categories by number", byNumber(pod.Categories))
	list("licences", "Get the licences by number", byNumber(pod.Licences))
	list("privacies", "Get the levels of privacy by number", byNumber(usablePrivacies()))
	list("languages", "Get the languages by code", languages())
}

func byNumber[K ~int](labels map[K]string) map[string]string {
	out := make(map[string]string, len(labels))
	for id, text := range labels {
		out[strconv.Itoa(int(id))] = text
	}
	return out
}

// usablePrivacies are those that a video can have in this version.
func usablePrivacies() map[pod.Privacy]string {
	out := map[pod.Privacy]string{}
	for level, text := range pod.Privacies {
		meta := pod.DefaultMeta()
		meta.Name, meta.Privacy = "probe", level
		if meta.Validate() == nil {
			out[level] = text
		}
	}
	return out
}

// languageCodes are those of ISO 639-1, and of ISO 639-3 some without a short one.
const languageCodes = "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu ast gsw haw kab nds sco zxx"

// languages gives the English name of each language that a video can have.
func languages() map[string]string {
	codes := strings.Fields(languageCodes)
	out := make(map[string]string, len(codes))
	for _, code := range codes {
		out[code] = languageName(code)
	}
	return out
}

// languageName is the English name of a language, or the code itself.
func languageName(code string) string {
	tag, err := language.Parse(code)
	if err != nil {
		return code
	}
	if name := display.English.Languages().Name(tag); name != "" {
		return name
	}
	return code
}

// knownLanguage tells whether a video can have this language.
func knownLanguage(code string) bool {
	for known := range strings.FieldsSeq(languageCodes) {
		if known == code {
			return true
		}
	}
	return false
}

func languageLabel(code string) labelledText {
	if code == "" {
		return labelledText{Label: unknownLabel}
	}
	return labelledText{ID: &code, Label: languageName(code)}
}
