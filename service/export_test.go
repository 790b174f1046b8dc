package service

import "testing"

// The external tests, which may use the stores, reach the rules by these.
var (
	ParseEmail       = parseEmail
	ParseName        = parseName
	ParsePrefix      = parsePrefix
	SearchKey        = searchKey
	LocalKey         = localKey
	EncodeCursor     = encodeCursor
	DecodeCursor     = decodeCursor
	IsCommonPassword = isCommonPassword
	IsPattern        = isPattern
	CommonPasswords  = commonPasswords
)

// NormalizePassword is what the default policy makes of a password.
func NormalizePassword(password string) (string, *Problem) {
	return PasswordPolicy{}.withDefaults().normalize(password)
}

// Problem is what the rules return about a wrong value.
type Problem = problem

// Code returns the kind of mistake.
func (p *problem) Code() FieldCode {
	if p == nil {
		return ""
	}
	return p.code
}

// OccupyHashing takes one of the places where passwords are hashed, until
// leave is called.
func (s *Service) OccupyHashing(t *testing.T) (leave func()) {
	t.Helper()
	if err := s.gate.enter(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s.gate.leave
}
