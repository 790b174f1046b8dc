package asset

import (
	"strconv"
	"strings"
)

// prefersGzip reads Accept-Encoding (RFC 9110, section 12.5.3) for a choice between gzip and no encoding. Gzip wins a
// tie. No encoding is what a client gets that names neither, or that refuses both: the file is of more use to it than
// an error.
func prefersGzip(headers []string) bool {
	accepted := parseAcceptEncoding(headers)
	gzip := accepted.weightOf("gzip", "x-gzip", "*")
	return gzip > 0 && gzip >= accepted.weightOf("identity", "*")
}

// weights holds the weight in thousandths of each encoding that a client names.
type weights map[string]int

// weightOf is the weight of the first of names that the client gave, and 0 if it gave none.
func (w weights) weightOf(names ...string) int {
	for _, name := range names {
		if weight, ok := w[name]; ok {
			return weight
		}
	}
	return 0
}

func parseAcceptEncoding(headers []string) weights {
	parsed := weights{}
	for _, header := range headers {
		for element := range strings.SplitSeq(strings.ToLower(header), ",") {
			name, parameter, weighted := strings.Cut(element, ";")
			parsed[trim(name)] = weightIn(parameter, weighted)
		}
	}
	return parsed
}

// weightIn reads "q=0.5". What does not follow the grammar counts as a refusal, which at worst costs bandwidth.
func weightIn(parameter string, weighted bool) int {
	if !weighted {
		return 1000
	}
	value, ok := strings.CutPrefix(trim(parameter), "q=")
	whole, fraction, _ := strings.Cut(value, ".")
	if !ok || (whole != "0" && whole != "1") || len(fraction) > 3 {
		return 0
	}
	// ParseUint, since it takes no sign.
	weight, err := strconv.ParseUint(whole+(fraction + "000")[:3], 10, 16)
	if err != nil || weight > 1000 {
		return 0
	}
	return int(weight)
}

// trim removes the white space that HTTP lets stand around a list's elements.
func trim(s string) string { return strings.Trim(s, " \t") }
