package rest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/userd/userd/internal/web"
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
	if r.ContentLength != 0 && !web.HasText(r.Header, mediaTypes(r.Method)...) {
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
