package graph

import (
	"context"

	"github.com/userd/userd/graph/internal/model"
	"github.com/userd/userd/service"
)

// CreatePasswordResetToken resolves Mutation.createPasswordResetToken.
func (m mutations) CreatePasswordResetToken(ctx context.Context, in model.CreatePasswordResetTokenInput) (*model.TokenPayload, error) {
	return tokenPayload(m.svc.CreatePasswordResetToken(ctx, service.TokenRecipient{UserID: optional(in.UserID), Email: optional(in.Email)}))
}

// ResetPassword resolves Mutation.resetPassword.
func (m mutations) ResetPassword(ctx context.Context, in model.ResetPasswordInput) (*model.UserPayload, error) {
	return userPayload(m.svc.ResetPassword(ctx, service.PasswordReset{Token: service.Some(in.Token), Password: service.Some(in.Password)}))
}

// CreateEmailConfirmationToken resolves Mutation.createEmailConfirmationToken.
func (m mutations) CreateEmailConfirmationToken(ctx context.Context, in model.CreateEmailConfirmationTokenInput) (*model.TokenPayload, error) {
	return tokenPayload(m.svc.CreateEmailConfirmationToken(ctx, service.TokenRecipient{UserID: optional(in.UserID), Email: optional(in.Email)}))
}

// ConfirmEmail resolves Mutation.confirmEmail.
func (m mutations) ConfirmEmail(ctx context.Context, in model.ConfirmEmailInput) (*model.UserPayload, error) {
	return userPayload(m.svc.ConfirmEmail(ctx, service.Some(in.Token)))
}

// tokenPayload is the payload for what the service returned. What the caller
// cannot mend stays an error.
func tokenPayload(t service.OneTimeToken, err error) (*model.TokenPayload, error) {
	if err == nil {
		return &model.TokenPayload{Token: &t}, nil
	}
	if errs := userErrors(err); errs != nil {
		return &model.TokenPayload{Errors: errs}, nil
	}
	return nil, err
}
