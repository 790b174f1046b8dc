// Package userfile reads and writes users as files: one JSON object a line
// (NDJSON), or CSV (RFC 4180) with a header. Both are read strictly, row by row
// and in bounded memory; what is wrong with a row is part of the row.
package userfile
