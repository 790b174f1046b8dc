package rest

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"net/http"
)

// openapi.yaml is the document that people edit; openapi.json is made of it,
// so that the program needs no YAML.
//
//go:generate go test -run ^TestOpenAPIJSON$ -update .
var (
	//go:embed openapi.yaml
	openAPIYAML []byte
	//go:embed openapi.json
	openAPIJSON []byte
)

// document returns the handler that serves content, which never changes while
// the program runs.
func document(contentType string, content []byte) handler {
	sum := sha256.Sum256(content)
	tag := `"` + hex.EncodeToString(sum[:16]) + `"`
	return func(w http.ResponseWriter, r *http.Request) error {
		conditions, err := parseConditions(r.Header)
		if err != nil {
			return err
		}
		h := w.Header()
		h.Set("ETag", tag)
		h.Set("Cache-Control", "no-cache")
		if conditions.notModified(tag) {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
		send(w, http.StatusOK, contentType, content)
		return nil
	}
}
