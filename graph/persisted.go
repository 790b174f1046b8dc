package graph

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// documentID is a document's SHA-256, under which it is known to the cache and
// to clients of Apollo's automatic persisted queries: they send the hash alone
// at first, and the document with it when the hash is not known.
type documentID [sha256.Size]byte

// keyOf returns the id of the document that params name or contain.
func keyOf(params *graphql.RawParams) (documentID, *gqlerror.Error) {
	extension, persisted := params.Extensions["persistedQuery"]
	if !persisted || extension == nil {
		if params.Query == "" {
			return documentID{}, problem(codeBadRequest, "The parameter query is missing.")
		}
		return sha256.Sum256([]byte(params.Query)), nil
	}
	id, ok := persistedID(extension)
	switch {
	case !ok:
		return id, problem(codeBadRequest, "The extension persistedQuery takes version 1 and sha256Hash, a SHA-256 in hexadecimal.")
	case params.Query != "" && id != sha256.Sum256([]byte(params.Query)):
		return id, problem(codeBadRequest, "The extension persistedQuery has the hash of another query.")
	}
	return id, nil
}

// persistedID reads the extension persistedQuery.
func persistedID(extension any) (id documentID, ok bool) {
	e, _ := extension.(map[string]any)
	hash, _ := e["sha256Hash"].(string)
	if e["version"] != int64(1) || len(hash) != hex.EncodedLen(len(id)) {
		return id, false
	}
	_, err := hex.Decode(id[:], []byte(hash))
	return id, err == nil
}
