package service

import "slices"

// userChange is a checked and normalised UserInput; nil means not given.
type userChange struct {
	email, firstName, lastName *Text
	isActive                   *bool
	password                   *string
}

// CheckUser returns what [Service.CreateUser] (or, where it is not all
// required, another method) would find wrong with in by itself, without
// looking at other users or changing anything. A transport calls it to report
// an input's mistakes together with those it found in decoding.
func (s *Service) CheckUser(in UserInput, required ...Field) error {
	_, err := s.parseUser(in, required...)
	return err
}

// parseUser checks every field of in, and that the required ones are given.
func (s *Service) parseUser(in UserInput, required ...Field) (userChange, error) {
	var c checker
	ch := c.user(in, s.passwords, required...)
	return ch, c.err()
}

func (c *checker) user(in UserInput, passwords PasswordPolicy, required ...Field) userChange {
	need := func(f Field) bool { return slices.Contains(required, f) }
	ch := userChange{
		email:     parseField(c, FieldEmail, need(FieldEmail), in.Email, parseEmail),
		firstName: parseField(c, FieldFirstName, need(FieldFirstName), in.FirstName, parseName),
		lastName:  parseField(c, FieldLastName, need(FieldLastName), in.LastName, parseName),
		password:  parseField(c, FieldPassword, need(FieldPassword), in.Password, passwords.normalize),
		isActive:  parseField(c, FieldIsActive, need(FieldIsActive), in.IsActive, anyBool),
	}
	if ch.password != nil {
		var u User
		ch.applyTo(&u)
		c.add(FieldPassword, personal(*ch.password, u))
	}
	return ch
}

func anyBool(b bool) (bool, *problem) { return b, nil }

// parseField checks one field: null never, absence only when it is required
// (no field of a user can be cleared), and a value by parse.
func parseField[In, Out any](c *checker, f Field, required bool, in Optional[In], parse func(In) (Out, *problem)) *Out {
	v, ok := in.Get()
	switch {
	case in.IsNull():
		c.add(f, &problem{FieldRequired, "This field cannot be null."})
		return nil
	case !ok && required:
		c.add(f, &problem{FieldRequired, "This field is required."})
		return nil
	case !ok:
		return nil
	}
	out, p := parse(v)
	c.add(f, p)
	if p != nil {
		return nil
	}
	return &out
}

// applyTo gives u the values of the change.
func (ch userChange) applyTo(u *User) {
	if ch.email != nil {
		u.Email = ch.email.Value
	}
	if ch.firstName != nil {
		u.FirstName = ch.firstName.Value
	}
	if ch.lastName != nil {
		u.LastName = ch.lastName.Value
	}
	if ch.isActive != nil {
		u.IsActive = *ch.isActive
	}
}
