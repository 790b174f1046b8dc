package model

import (
	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// UserPayload is what those mutations come to that answer with a user.
type UserPayload struct {
	// User is nil when there are errors.
	User   *service.User
	Errors []UserError
}

// UsersPayload is what creating many users comes to.
type UsersPayload struct {
	Results []*UserPayload
	Errors  []UserError
}

// GrantPayload is what those mutations come to that answer with tokens.
type GrantPayload struct {
	// Grant is nil when there are errors.
	Grant  *service.Grant
	Errors []UserError
}

// EndSessionPayload is what ending a session comes to.
type EndSessionPayload struct {
	// EndedSessionID is nil when there are errors.
	EndedSessionID *uuid.UUID
	Errors         []UserError
}

// TokenPayload is what making a one-time token comes to.
type TokenPayload struct {
	// Token is nil when there are errors.
	Token  *service.OneTimeToken
	Errors []UserError
}

// DeleteUserPayload is what deleting a user comes to.
type DeleteUserPayload struct {
	// DeletedUserID is nil when there are errors.
	DeletedUserID *uuid.UUID
	Errors        []UserError
}
