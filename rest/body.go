package rest

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"slices"
	"strings"
)

const (
	typeJSON       = "application/json"
	typeMergePatch = "application/merge-patch+json"
)

// mediaTypes are what a body for this method may be.
func mediaTypes(method string) []string {
	if method == http.MethodPatch {
		return []string{typeMergePatch, typeJSON}
	}
	return []string{typeJSON}
}

// setAccept tells what a body for this method may be (RFC 9110, section
// 12.5.1; RFC 5789, section 3.1).
func setAccept(h http.Header, method string) {
	types := strings.Join(mediaTypes(method), ", ")
	h.Set("Accept", types)
	if method == http.MethodPatch {
		h.Set("Accept-Patch", types)
	}
}

// readBody returns the request's body if it says that it is JSON.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength != 0 && !isJSON(r) {
		setAccept(w.Header(), r.Method)
		return nil, &requestError{code: codeUnsupportedMediaType}
	}
	body, err := io.ReadAll(r.Body)
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, &requestError{codeBodyTooLarge, fmt.Sprintf("A body has at most %d bytes.", tooLarge.Limit)}
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, &requestError{code: codeRequestTimeout}
	}
	if err != nil {
		return nil, &requestError{codeMalformedJSON, "The body could not be read to its end."}
	}
	return body, nil
}

// isJSON tells whether the body's headers say that it is JSON in UTF-8, not
// compressed.
func isJSON(r *http.Request) bool {
	types := r.Header.Values("Content-Type")
	if len(types) != 1 || !isPlain(r.Header.Values("Content-Encoding")) {
		return false
	}
	mediaType, parameters, err := mime.ParseMediaType(types[0])
	charset, given := parameters["charset"]
	return err == nil && slices.Contains(mediaTypes(r.Method), mediaType) &&
		(!given || strings.EqualFold(charset, "utf-8"))
}

func isPlain(encodings []string) bool {
	return !slices.ContainsFunc(encodings, func(e string) bool { return !strings.EqualFold(e, "identity") })
}
