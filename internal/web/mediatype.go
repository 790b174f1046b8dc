package web

import (
	"mime"
	"net/http"
	"slices"
	"strings"
)

// HasText tells whether the headers of a body say that it is of one of these
// media types, in UTF-8 and not compressed. Other types are to be refused, above
// all those that a page of another site can send without being asked first.
func HasText(h http.Header, mediaTypes ...string) bool {
	types := h.Values("Content-Type")
	if len(types) != 1 || slices.ContainsFunc(h.Values("Content-Encoding"), isCoded) {
		return false
	}
	if slices.Contains(mediaTypes, types[0]) { // which is how nearly all clients say it
		return true
	}
	mediaType, parameters, err := mime.ParseMediaType(types[0])
	return err == nil && slices.Contains(mediaTypes, mediaType) && IsUTF8(parameters)
}

func isCoded(encoding string) bool { return !strings.EqualFold(encoding, "identity") }

// IsUTF8 tells whether a media type's parameters leave UTF-8 as the charset.
func IsUTF8(parameters map[string]string) bool {
	charset, given := parameters["charset"]
	return !given || strings.EqualFold(charset, "utf-8")
}
