package rest

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

func (a *api) createUser(w http.ResponseWriter, r *http.Request) error {
	in, err := a.decodeUser(w, r, createForm)
	if err != nil {
		return err
	}
	u, err := a.createOnce(w, r, in)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/users/"+u.ID.String())
	sendUserAs(w, http.StatusCreated, u)
	return nil
}

func (a *api) getUser(w http.ResponseWriter, r *http.Request) error {
	id, err := userID(r)
	if err != nil {
		return err
	}
	conditions, err := parseConditions(r.Header)
	if err != nil {
		return err
	}
	u, err := a.svc.User(r.Context(), id)
	if err != nil {
		return err
	}
	if !conditions.allow(u.Version) {
		return &service.VersionConflictError{ID: id, Current: u.Version}
	}
	if conditions.notModified(etag(u)) {
		setVersion(w.Header(), u)
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	sendUser(w, u)
	return nil
}

func (a *api) deleteUser(w http.ResponseWriter, r *http.Request) error {
	id, expect, err := target(r)
	if err != nil {
		return err
	}
	if err := a.svc.DeleteUser(r.Context(), id, expect); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// changer is a method of the service that changes a user.
type changer func(ctx context.Context, id uuid.UUID, in service.UserInput, expect service.Versions) (service.User, error)

// change returns the handler that decodes a body of form f, lets apply change
// the user by it, and answers with the result.
func (a *api) change(f form, apply changer, answer func(http.ResponseWriter, service.User)) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		id, expect, err := target(r)
		if err != nil {
			return err
		}
		in, err := a.decodeUser(w, r, f)
		if err != nil {
			return err
		}
		u, err := apply(r.Context(), id, in, expect)
		if err != nil {
			return err
		}
		answer(w, u)
		return nil
	}
}

func (a *api) updateEmail(ctx context.Context, id uuid.UUID, in service.UserInput, expect service.Versions) (service.User, error) {
	return a.svc.UpdateUserEmail(ctx, id, in.Email, expect)
}

func (a *api) setPassword(ctx context.Context, id uuid.UUID, in service.UserInput, expect service.Versions) (service.User, error) {
	return a.svc.SetUserPassword(ctx, id, in.Password, expect)
}

// target reads which user, at which versions, a request wants to change.
func target(r *http.Request) (uuid.UUID, service.Versions, error) {
	id, err := userID(r)
	if err != nil {
		return id, nil, err
	}
	conditions, err := parseConditions(r.Header)
	if err == nil {
		err = conditions.forChange()
	}
	return id, conditions.expect, err
}

func userID(r *http.Request) (uuid.UUID, error) {
	id, err := service.ParseID(r.PathValue("id"))
	return id, outsideBody(err)
}
