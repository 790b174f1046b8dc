package graph

import (
	"mime"
	"strconv"
	"strings"

	"github.com/userd/userd/internal/web"
)

// The media types of answers.
const (
	typeJSON    = "application/json"
	typeGraphQL = "application/graphql-response+json"
)

// negotiate chooses the media type of the answer by the request's Accept
// headers (RFC 9110, section 12.5.1): application/graphql-response+json for
// clients that name it and like no other better, otherwise application/json if
// they take that.
func negotiate(accept []string) (mediaType string, ok bool) {
	if len(accept) == 0 || strings.TrimSpace(strings.Join(accept, "")) == "" {
		return typeJSON, true
	}
	graphql, json := weigh(typeGraphQL, accept), weigh(typeJSON, accept)
	switch {
	case graphql.quality == 0 && json.quality == 0:
		return typeJSON, false
	case graphql.quality > json.quality, graphql.quality == json.quality && graphql.precision == named:
		return typeGraphQL, true
	}
	return typeJSON, true
}

// weight is how much a client wants a media type.
type weight struct {
	precision int // of the range that says so
	quality   float64
}

// How precisely a range means a media type.
const (
	other = iota
	anything
	anyApplication
	named
)

// weigh returns what the most precise range says about mediaType.
func weigh(mediaType string, accept []string) (w weight) {
	for _, ranges := range accept {
		for text := range strings.SplitSeq(ranges, ",") {
			mediaRange, parameters, err := mime.ParseMediaType(text)
			if err != nil || !web.IsUTF8(parameters) {
				continue
			}
			if p := precision(mediaRange, mediaType); p > w.precision {
				w = weight{p, quality(parameters)}
			}
		}
	}
	return w
}

func precision(mediaRange, mediaType string) int {
	switch mediaRange {
	case mediaType:
		return named
	case "application/*":
		return anyApplication
	case "*/*":
		return anything
	}
	return other
}

// quality is the parameter q, from 0 to 1; nonsense counts as 0.
func quality(parameters map[string]string) float64 {
	text, given := parameters["q"]
	if !given {
		return 1
	}
	q, err := strconv.ParseFloat(text, 64)
	if err != nil || !(0 <= q && q <= 1) {
		return 0
	}
	return q
}
