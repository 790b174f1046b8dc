package service

import (
	"context"
	"fmt"

	"github.com/google/uuid"
)

// MaxIDs is how many users UsersByIDs returns at most.
const MaxIDs = 200

// CreateUser creates a user. It needs an e-mail address, both names and a
// password; the user is active unless in says otherwise. It returns
// *[InvalidInputError], *[EmailTakenError] or *[UnavailableError].
func (s *Service) CreateUser(ctx context.Context, in UserInput) (User, error) {
	if err := s.require(ctx, ScopeUsersWrite); err != nil {
		return User{}, err
	}
	ch, err := s.parseUser(in, FieldEmail, FieldFirstName, FieldLastName, FieldPassword)
	if err != nil {
		return User{}, err
	}
	return s.create(ctx, ch, nil)
}

// create creates the user that ch describes, and in the same step changes the
// items that with, unless it is nil, makes of the record.
func (s *Service) create(ctx context.Context, ch userChange, with func(Record) []ItemChange) (User, error) {
	now := s.timestamp()
	u := User{IsActive: true, Version: 1, CreatedAt: now, UpdatedAt: now}
	ch.applyTo(&u)
	hash, err := s.hashPassword(ctx, *ch.password)
	if err != nil {
		return User{}, err
	}
	if u.ID, err = s.newID(); err != nil {
		return User{}, fmt.Errorf("make an id: %w", err)
	}
	r := Record{User: u, Keys: Keys{Email: ch.email.Key, FirstName: ch.firstName.Key, LastName: ch.lastName.Key}, PasswordHash: hash}
	var items []ItemChange
	if with != nil {
		items = with(r)
	}
	if err := s.store.CreateUser(ctx, r, items...); err != nil {
		return User{}, err
	}
	return u, nil
}

// User returns the user with this id, or *[UserNotFoundError].
func (s *Service) User(ctx context.Context, id uuid.UUID) (User, error) {
	if err := s.mayRead(ctx, id); err != nil {
		return User{}, err
	}
	return s.store.User(ctx, id)
}

// Me returns the user that the actor is, or nil where it is none, such as an API
// key or somebody anonymous.
func (s *Service) Me(ctx context.Context) (*User, error) {
	a, err := s.admit(ctx, reads)
	if err != nil || a.user == uuid.Nil {
		return nil, err
	}
	u, err := s.store.User(ctx, a.user)
	if CodeOf(err) == CodeUserNotFound {
		return nil, nil
	}
	return &u, err
}

// UserByEmail returns the user with this e-mail address, in any spelling that
// counts as the same, or nil when there is none. It returns
// *[InvalidInputError] for what is no e-mail address.
func (s *Service) UserByEmail(ctx context.Context, email string) (*User, error) {
	a, err := s.admit(ctx, reads)
	if err != nil {
		return nil, err
	}
	text, p := parseEmail(email)
	if p != nil {
		return nil, invalid(FieldEmail, p)
	}
	if !a.has(ScopeUsersRead) {
		return s.ownWithEmail(ctx, a, text.Key)
	}
	return s.userWithEmail(ctx, text.Key)
}

// userWithEmail returns the user with this e-mail key, or nil when there is none.
func (s *Service) userWithEmail(ctx context.Context, key string) (*User, error) {
	users, err := s.store.ListUsers(ctx, ListQuery{Filter: Filter{EmailKey: key}, Limit: 1})
	if err != nil || len(users) == 0 {
		return nil, err
	}
	u := *users[0].User // which others may have, too
	return &u, nil
}

// ownWithEmail returns the user that a is, if this is the key of its e-mail
// address. Others are not looked for: how long that takes would tell about them.
func (s *Service) ownWithEmail(ctx context.Context, a Actor, key string) (*User, error) {
	if a.user == uuid.Nil {
		return nil, nil
	}
	u, err := s.store.User(ctx, a.user)
	if CodeOf(err) == CodeUserNotFound {
		return nil, nil
	}
	if own, _ := parseEmail(u.Email); err != nil || own.Key != key {
		return nil, err
	}
	return &u, nil
}

// UsersByIDs returns the users with these ids, in the order of ids, with nil
// where there is none. It takes at most [MaxIDs].
func (s *Service) UsersByIDs(ctx context.Context, ids []uuid.UUID) ([]*User, error) {
	visible, err := s.visible(ctx, ids)
	if err != nil {
		return nil, err
	}
	if len(ids) > MaxIDs {
		return nil, invalid(FieldIDs, &problem{FieldTooLong, fmt.Sprintf("At most %d ids can be asked for at once.", MaxIDs)})
	}
	found, err := s.store.UsersByID(ctx, visible)
	if err != nil {
		return nil, err
	}
	byID := make(map[uuid.UUID]*User, len(found))
	for i := range found {
		byID[found[i].ID] = &found[i]
	}
	users := make([]*User, len(ids))
	for i, id := range ids {
		users[i] = byID[id]
	}
	return users, nil
}

// UpdateUser changes the fields that in gives and leaves the others as they
// are. A new password and is_active=false end the user's sessions. It returns *[InvalidInputError], *[UserNotFoundError],
// *[VersionConflictError], *[EmailTakenError] or *[UnavailableError].
func (s *Service) UpdateUser(ctx context.Context, id uuid.UUID, in UserInput, expect Versions) (User, error) {
	return s.update(ctx, id, in, expect)
}

// ReplaceUser is UpdateUser for a caller that must give every field but the
// password.
func (s *Service) ReplaceUser(ctx context.Context, id uuid.UUID, in UserInput, expect Versions) (User, error) {
	return s.update(ctx, id, in, expect, FieldEmail, FieldFirstName, FieldLastName, FieldIsActive)
}

// UpdateUserEmail gives the user another e-mail address. Its errors are those
// of UpdateUser.
func (s *Service) UpdateUserEmail(ctx context.Context, id uuid.UUID, email Optional[string], expect Versions) (User, error) {
	return s.update(ctx, id, UserInput{Email: email}, expect, FieldEmail)
}

// SetUserPassword gives the user another password. Its errors are those of
// UpdateUser.
func (s *Service) SetUserPassword(ctx context.Context, id uuid.UUID, password Optional[string], expect Versions) (User, error) {
	return s.update(ctx, id, UserInput{Password: password}, expect, FieldPassword)
}

// DeleteUser removes the user. It returns *[UserNotFoundError] or
// *[VersionConflictError].
func (s *Service) DeleteUser(ctx context.Context, id uuid.UUID, expect Versions) error {
	if err := s.mayDelete(ctx, id); err != nil {
		return err
	}
	return s.store.DeleteUser(ctx, id, Deletion{Expect: expect, At: s.timestamp()})
}

func (s *Service) update(ctx context.Context, id uuid.UUID, in UserInput, expect Versions, required ...Field) (User, error) {
	if err := s.mayChange(ctx, id, in); err != nil {
		return User{}, err
	}
	ch, err := s.parseUser(in, required...)
	if err != nil {
		return User{}, err
	}
	hash, err := s.hashPasswordFor(ctx, id, ch)
	if err != nil {
		return User{}, err
	}
	u := Update{
		Expect: expect, At: s.timestamp(),
		Email: ch.email, FirstName: ch.firstName, LastName: ch.lastName, IsActive: ch.isActive,
		PasswordHash: hash,
	}
	u.endAccess()
	return s.store.UpdateUser(ctx, id, u)
}

// hashPasswordFor hashes the password that ch gives to the user, if any.
func (s *Service) hashPasswordFor(ctx context.Context, id uuid.UUID, ch userChange) (*string, error) {
	if ch.password == nil {
		return nil, nil
	}
	u, err := s.store.User(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.hashNewPassword(ctx, u, ch)
}

// hashNewPassword hashes the password that ch gives to u, unless it is the e-mail
// address or name that the user then has.
func (s *Service) hashNewPassword(ctx context.Context, u User, ch userChange) (*string, error) {
	ch.applyTo(&u)
	if p := personal(*ch.password, u); p != nil {
		return nil, invalid(FieldPassword, p)
	}
	hash, err := s.hashPassword(ctx, *ch.password)
	return &hash, err
}

// hashPassword hashes a normalised password when its turn comes.
func (s *Service) hashPassword(ctx context.Context, password string) (hash string, err error) {
	err = s.gate.run(ctx, func() { hash = s.argon2.hash(password) })
	return hash, err
}
