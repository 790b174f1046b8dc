package graph

import (
	"context"

	"github.com/google/uuid"

	"github.com/userd/userd/graph/internal/model"
	"github.com/userd/userd/service"
)

// Me resolves Query.me.
func (q queries) Me(ctx context.Context) (*service.User, error) { return q.svc.Me(ctx) }

// Sessions resolves Query.sessions.
func (q queries) Sessions(ctx context.Context, userID string) ([]*service.Session, error) {
	id, err := service.ParseID(userID)
	if err != nil {
		return nil, under(service.FieldUserID, err)
	}
	all, err := q.svc.Sessions(ctx, id)
	list := make([]*service.Session, len(all))
	for i := range all {
		list[i] = &all[i]
	}
	return list, err
}

// SignIn resolves Mutation.signIn.
func (m mutations) SignIn(ctx context.Context, in model.SignInInput) (*model.GrantPayload, error) {
	return grantPayload(m.svc.SignIn(ctx, service.SignInInput{
		Credentials: service.Credentials{
			Email:    service.Some(in.Email),
			Password: service.Some(in.Password),
			Client:   optional(in.Client),
		},
		Label: optional(in.Label),
	}))
}

// RefreshSession resolves Mutation.refreshSession.
func (m mutations) RefreshSession(ctx context.Context, in model.RefreshSessionInput) (*model.GrantPayload, error) {
	return grantPayload(m.svc.RefreshSession(ctx, in.RefreshToken))
}

// SignOut resolves Mutation.signOut.
func (m mutations) SignOut(ctx context.Context, in model.SignOutInput) (*model.EndSessionPayload, error) {
	token, given := optional(in.RefreshToken).Get()
	if given && token == "" { // which would be none to the service, and not a bad one
		return nil, &service.UnauthenticatedError{Invalid: true}
	}
	return endSessionPayload(m.svc.SignOut(ctx, token))
}

// EndSession resolves Mutation.endSession.
func (m mutations) EndSession(ctx context.Context, in model.EndSessionInput) (*model.EndSessionPayload, error) {
	user, err := service.ParseID(in.UserID)
	wrong := mistakes(under(service.FieldUserID, err))
	session, err := service.ParseSessionID(in.SessionID)
	if wrong = append(wrong, mistakes(err)...); wrong != nil {
		return endSessionPayload(session, &service.InvalidInputError{Fields: wrong})
	}
	return endSessionPayload(session, m.svc.EndSession(ctx, user, session))
}

// EndSessions resolves Mutation.endSessions.
func (m mutations) EndSessions(ctx context.Context, in model.EndSessionsInput) (*model.UserPayload, error) {
	id, err := service.ParseID(in.UserID)
	if err != nil {
		return userPayload(service.User{}, under(service.FieldUserID, err))
	}
	return userPayload(m.svc.EndSessions(ctx, id))
}

// grantPayload is the payload for what the service returned.
func grantPayload(g service.Grant, err error) (*model.GrantPayload, error) {
	if err == nil {
		return &model.GrantPayload{Grant: &g}, nil
	}
	if errs := userErrors(err); errs != nil {
		return &model.GrantPayload{Errors: errs}, nil
	}
	return nil, err
}

// endSessionPayload is the payload for the end of the session with this id.
func endSessionPayload(id uuid.UUID, err error) (*model.EndSessionPayload, error) {
	if err == nil {
		return &model.EndSessionPayload{EndedSessionID: &id}, nil
	}
	if errs := userErrors(err); errs != nil {
		return &model.EndSessionPayload{Errors: errs}, nil
	}
	return nil, err
}
