package service

import "strings"

// maxHarmless bounds a text that is harmless, in bytes.
const maxHarmless = 64

// Harmless returns what somebody has sent, such as a name that nothing has, if
// it can be repeated in an error or a log, otherwise "": it is short, and of
// characters that mean nothing to whatever it may be shown by.
func Harmless(text string) string {
	if len(text) > maxHarmless || strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != "" {
		return ""
	}
	return text
}
