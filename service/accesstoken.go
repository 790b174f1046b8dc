package service

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"
)

// accessHeader is the header of an access token (RFC 7515, with the algorithm of
// RFC 8037).
type accessHeader struct {
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
	Type      string `json:"typ"`
}

// accessClaims are what an access token says (RFC 7519): nothing about the user
// but its id.
type accessClaims struct {
	Issuer    string `json:"iss"`
	Subject   string `json:"sub"`
	Audience  string `json:"aud,omitempty"`
	Session   string `json:"sid"`
	IssuedAt  int64  `json:"iat"`
	ExpiresAt int64  `json:"exp"`
}

// signAccessToken makes an access token of the session, and tells for how
// many seconds it is good.
func (c SessionConfig) signAccessToken(s sessionItem, k signingKey, now time.Time) (token string, expiresIn int32) {
	ends := now.Add(c.AccessTokenLifetime)
	if s.ends.Before(ends) {
		ends = s.ends
	}
	claims := accessClaims{Issuer: c.Issuer, Subject: s.user.String(), Audience: c.Audience, Session: s.ID.String(),
		IssuedAt: now.Unix(), ExpiresAt: ends.Unix()}
	signed := encodePart(accessHeader{"EdDSA", k.id, "JWT"}) + "." + encodePart(claims)
	token = signed + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(k.private, []byte(signed)))
	return token, int32(ends.Unix() - now.Unix()) // #nosec G115 -- an hour at most
}

func encodePart(v any) string {
	text, _ := json.Marshal(v) // texts and numbers: cannot fail
	return base64.RawURLEncoding.EncodeToString(text)
}

// accessToken is an access token of this service, or what claims to be one.
type accessToken struct {
	header    accessHeader
	claims    accessClaims
	signed    string
	signature []byte
	user      uuid.UUID
	session   uuid.UUID
}

// parseAccessToken reads a token that says to be of this issuer. Whether it is
// remains to be verified. Other issuers' are not its business.
func (c SessionConfig) parseAccessToken(text string) (accessToken, bool) {
	i, j := strings.IndexByte(text, '.'), strings.LastIndexByte(text, '.')
	if i == j {
		return accessToken{}, false
	}
	var t accessToken
	if !decodePart(text[:i], &t.header) || !decodePart(text[i+1:j], &t.claims) || t.claims.Issuer != c.Issuer {
		return t, false
	}
	t.signed = text[:j]
	t.signature, _ = base64.RawURLEncoding.Strict().DecodeString(text[j+1:]) // what is none verifies nothing
	t.user, _ = ParseID(t.claims.Subject)
	t.session, _ = ParseID(t.claims.Session)
	return t, true
}

func decodePart(text string, v any) bool {
	decoded, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return err == nil && json.Unmarshal(decoded, v) == nil
}

// verify returns *UnauthenticatedError unless the token is signed by the key that
// it names, for this audience, and still good.
func (s *Service) verify(ctx context.Context, t accessToken) error {
	k, err := s.signing.find(ctx, t.header.KeyID)
	if err != nil {
		return err
	}
	good := t.header.Algorithm == "EdDSA" && ed25519.Verify(k.public(), []byte(t.signed), t.signature) &&
		t.claims.Audience == s.sessions.Audience && s.now().Before(time.Unix(t.claims.ExpiresAt, 0))
	if !good {
		return &UnauthenticatedError{Invalid: true}
	}
	return nil
}
