package rest

import (
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/userd/userd/service"
)

// apiKey is a key in an answer.
type apiKey struct {
	Name       string          `json:"name"`
	Scopes     []service.Scope `json:"scopes"`
	Key        string          `json:"key,omitempty"` // only in the answer to its creation
	CreatedAt  string          `json:"created_at"`
	LastUsedAt *string         `json:"last_used_at"`
	RevokedAt  *string         `json:"revoked_at"`
}

func newAPIKey(k service.Key) apiKey {
	return apiKey{Name: k.Name, Scopes: k.Scopes, CreatedAt: k.CreatedAt.Format(service.TimeLayout),
		LastUsedAt: timeOrNull(k.LastUsedAt), RevokedAt: timeOrNull(k.RevokedAt)}
}

func timeOrNull(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return new(t.Format(service.TimeLayout))
}

func (a *api) listKeys(w http.ResponseWriter, r *http.Request) error {
	keys, err := a.svc.Keys(r.Context())
	if err != nil {
		return err
	}
	list := make([]apiKey, len(keys))
	for i, k := range keys {
		list[i] = newAPIKey(k)
	}
	sendSecret(w, http.StatusOK, list)
	return nil
}

func (a *api) createKey(w http.ResponseWriter, r *http.Request) error {
	in, err := decodeKey(w, r)
	if err != nil {
		return err
	}
	k, text, err := a.svc.CreateKey(r.Context(), in)
	if err != nil {
		return err
	}
	created := newAPIKey(k)
	created.Key = text
	sendSecret(w, http.StatusCreated, created)
	return nil
}

func (a *api) revokeKey(w http.ResponseWriter, r *http.Request) error {
	if err := a.svc.RevokeKey(r.Context(), r.PathValue("name")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// sendSecret answers with something that no cache may keep.
func sendSecret(w http.ResponseWriter, status int, v any) {
	body, _ := json.Marshal(v) // texts of our own: cannot fail
	w.Header().Set("Cache-Control", "no-store")
	send(w, status, typeJSON, append(body, '\n'))
}

// keyFields are what a body for a new key may have.
var keyFields = []service.Field{service.FieldName, service.FieldScopes}

// decodeKey reads the body for a new key. Where it finds a mistake it lists the
// service's findings too.
func decodeKey(w http.ResponseWriter, r *http.Request) (in service.KeyInput, err error) {
	body, err := readBody(w, r)
	if err != nil {
		return in, err
	}
	var wrong mistakes
	err = eachMember(body, func(name string, value jsontext.Value) {
		switch service.Field(name) {
		case service.FieldName:
			takeValue(&in.Name, value, &wrong, service.FieldName, "This field must be a string.")
		case service.FieldScopes:
			takeValue(&in.Scopes, value, &wrong, service.FieldScopes, "This field must be an array of strings.")
		default:
			wrong.unknownName(name, unknownMessage(name, keyFields))
		}
	})
	if err == nil && len(wrong.fields) > 0 {
		_, found := service.CheckKey(in)
		err = wrong.with(&service.InvalidInputError{Fields: found})
	}
	return in, err
}

// takeValue sets *to to the value, if it is of that type; null is the same as
// absent.
func takeValue[T any](to *T, value jsontext.Value, wrong *mistakes, f service.Field, message string) {
	if json.Unmarshal(value, to) != nil {
		wrong.invalid(f, message)
	}
}
