package service

// endAccess has u end what could still let somebody in whom it is to keep out: it
// is for every change that may give the user another password or make the user
// inactive. A better hash of the same password ends nothing.
func (u *Update) endAccess() {
	if u.PasswordHash != nil {
		u.EndItems = append(u.EndItems, attemptsItem) // they were about another password
	}
	if u.PasswordHash != nil || u.IsActive != nil && !*u.IsActive {
		u.EndItems = append(u.EndItems, kindSession, kindPasswordReset)
	}
}
