package service

import (
	"crypto/rand"
	"hash/crc32"
	"math"
	"math/big"
	"strings"
)

// checkDigits are the digits of base 62 for the 32 bits of the checksum.
const checkDigits = 6

// secretText writes a secret for somebody to keep: a prefix by which scanners for
// leaked secrets find it, the secret in base 62 (0-9, a-z, A-Z), and a checksum
// by which they tell it from what looks like it.
func secretText(prefix string, secret []byte) string {
	text := prefix + base62(new(big.Int).SetBytes(secret), digits(len(secret)))
	return text + checksum(text)
}

// parseSecret fills secret with what secretText has written.
func parseSecret(prefix, text string, secret []byte) bool {
	inner, ok := strings.CutPrefix(text, prefix)
	if n := digits(len(secret)); !ok || len(inner) != n+checkDigits || checksum(prefix+inner[:n]) != inner[n:] {
		return false
	}
	n, ok := new(big.Int).SetString(inner[:digits(len(secret))], 62)
	if !ok || n.Sign() < 0 || n.BitLen() > 8*len(secret) {
		return false
	}
	n.FillBytes(secret)
	return true
}

// digits are how many digits of base 62 a number of n bytes has.
func digits(n int) int { return int(math.Ceil(float64(8*n) / math.Log2(62))) }

// checksum is the CRC-32 (IEEE) of text in base 62.
func checksum(text string) string {
	return base62(big.NewInt(int64(crc32.ChecksumIEEE([]byte(text)))), checkDigits)
}

func base62(n *big.Int, digits int) string {
	text := n.Text(62)
	return strings.Repeat("0", digits-len(text)) + text
}

// randomBits are 256 bits that nobody can guess.
func randomBits() (random [32]byte) {
	rand.Read(random[:]) // never fails: crypto/rand ends the process instead
	return random
}
