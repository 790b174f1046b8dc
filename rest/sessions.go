package rest

import (
	"encoding/base64"
	"net/http"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// grant is what a session is used with, in the words of RFC 6749, section 5.1.
type grant struct {
	AccessToken  string         `json:"access_token"`
	TokenType    string         `json:"token_type"`
	ExpiresIn    int32          `json:"expires_in"`
	RefreshToken string         `json:"refresh_token"`
	Session      session        `json:"session"`
	User         jsontext.Value `json:"user"`
}

// session is a session in an answer.
type session struct {
	ID          uuid.UUID `json:"id"`
	Label       string    `json:"label"`
	CreatedAt   string    `json:"created_at"`
	RefreshedAt string    `json:"refreshed_at"`
	ExpiresAt   string    `json:"expires_at"`
	IsCurrent   bool      `json:"is_current"`
}

func newSession(s service.Session) session {
	return session{ID: s.ID, Label: s.Label, CreatedAt: s.CreatedAt.Format(service.TimeLayout), RefreshedAt: s.RefreshedAt.Format(service.TimeLayout),
		ExpiresAt: s.ExpiresAt.Format(service.TimeLayout), IsCurrent: s.IsCurrent}
}

func sendGrant(w http.ResponseWriter, status int, g service.Grant) {
	sendSecret(w, status, grant{AccessToken: g.AccessToken, TokenType: "Bearer", ExpiresIn: g.ExpiresIn,
		RefreshToken: g.RefreshToken, Session: newSession(g.Session), User: appendUser(nil, &g.User)})
}

func (a *api) signIn(w http.ResponseWriter, r *http.Request) error {
	in, err := decodeSignIn(w, r)
	if err != nil {
		return err
	}
	g, err := a.svc.SignIn(r.Context(), in)
	if err != nil {
		return err
	}
	sendGrant(w, http.StatusCreated, g)
	return nil
}

var (
	signInForm  = form{slices.Concat(credentialsForm.fields, []service.Field{service.FieldLabel}), credentialsForm.required}
	refreshForm = form{[]service.Field{service.FieldRefreshToken}, []service.Field{service.FieldRefreshToken}}
)

// decodeSignIn reads the body for signing in. Where it finds a mistake it lists
// the service's findings too.
func decodeSignIn(w http.ResponseWriter, r *http.Request) (in service.SignInInput, err error) {
	texts := textsOf(&in.Credentials)
	texts[service.FieldLabel] = &in.Label
	wrong, err := decodeTexts(w, r, signInForm.fields, texts)
	if err == nil && len(wrong.fields) > 0 {
		err = wrong.with(service.CheckSignIn(in))
	}
	return in, err
}

func (a *api) refreshSession(w http.ResponseWriter, r *http.Request) error {
	var token service.Optional[string]
	wrong, err := decodeTexts(w, r, refreshForm.fields, map[service.Field]*service.Optional[string]{service.FieldRefreshToken: &token})
	if err != nil {
		return err
	}
	text, given := token.Get()
	if !given {
		wrong.add(service.FieldError{Field: service.FieldRefreshToken, Code: service.FieldRequired, Message: "This field is required."})
	}
	if err := wrong.with(nil); err != nil {
		return err
	}
	g, err := a.svc.RefreshSession(r.Context(), text)
	if err != nil {
		return err
	}
	sendGrant(w, http.StatusOK, g)
	return nil
}

func (a *api) signOut(w http.ResponseWriter, r *http.Request) error {
	if _, err := a.svc.SignOut(r.Context(), ""); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *api) me(w http.ResponseWriter, r *http.Request) error {
	u, err := a.svc.Me(r.Context())
	switch {
	case err != nil:
		return err
	case u == nil:
		return &requestError{service.CodeUserNotFound, "Whoever calls is no user."}
	}
	sendUser(w, *u)
	return nil
}

func (a *api) listSessions(w http.ResponseWriter, r *http.Request) error {
	id, err := userID(r)
	if err != nil {
		return err
	}
	all, err := a.svc.Sessions(r.Context(), id)
	if err != nil {
		return err
	}
	list := make([]session, len(all))
	for i, s := range all {
		list[i] = newSession(s)
	}
	sendSecret(w, http.StatusOK, list)
	return nil
}

func (a *api) endSessions(w http.ResponseWriter, r *http.Request) error {
	id, err := userID(r)
	if err != nil {
		return err
	}
	if _, err := a.svc.EndSessions(r.Context(), id); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *api) endSession(w http.ResponseWriter, r *http.Request) error {
	user, err := userID(r)
	if err != nil {
		return err
	}
	id, err := service.ParseSessionID(r.PathValue("session_id"))
	if err != nil {
		return outsideBody(err)
	}
	if err := a.svc.EndSession(r.Context(), user, id); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// jwk is a public key as RFC 7517 and RFC 8037 write it.
type jwk struct {
	KeyType   string `json:"kty"`
	Curve     string `json:"crv"`
	X         string `json:"x"`
	KeyID     string `json:"kid"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
}

func newJWK(k service.PublicKey) jwk {
	return jwk{"OKP", "Ed25519", base64.RawURLEncoding.EncodeToString(k.Key), k.ID, "sig", "EdDSA"}
}

func (a *api) publicKeys(w http.ResponseWriter, r *http.Request) error {
	keys, err := a.svc.PublicKeys(r.Context())
	if err != nil {
		return err
	}
	set := struct {
		Keys []jwk `json:"keys"`
	}{}
	for _, k := range keys {
		set.Keys = append(set.Keys, newJWK(k))
	}
	body, _ := json.Marshal(set) // texts of our own: cannot fail
	w.Header().Set("Cache-Control", "public, max-age=300")
	send(w, http.StatusOK, "application/jwk-set+json", append(body, '\n'))
	return nil
}

func (a *api) rotateSigningKey(w http.ResponseWriter, r *http.Request) error {
	k, err := a.svc.RotateSigningKey(r.Context())
	if err != nil {
		return err
	}
	sendSecret(w, http.StatusCreated, newJWK(k))
	return nil
}
