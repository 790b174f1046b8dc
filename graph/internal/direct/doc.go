// Package direct writes users, and pages of them, into answers, and leaves
// gqlgen's executor all the rest: arguments, resolvers, errors, paths.
//
// The generated code makes a value, a context and a closure of each field of
// each user. Fields of users are read off the user and cannot fail, so that
// all of this comes to a few bytes in the answer: here, what is selected is
// looked up once for a page and then appended for each user of it. Selections
// that have more to them, such as User.history, are left to the generated code.
package direct
