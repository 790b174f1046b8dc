package exec

// UserImplementors are the types on which a fragment applies to a User.
func UserImplementors() []string { return userImplementors }

// UserEdgeImplementors are the types on which a fragment applies to a UserEdge.
func UserEdgeImplementors() []string { return userEdgeImplementors }

// UserConnectionImplementors are the types on which a fragment applies to a
// UserConnection.
func UserConnectionImplementors() []string { return userConnectionImplementors }

// PageInfoImplementors are the types on which a fragment applies to a PageInfo.
func PageInfoImplementors() []string { return pageInfoImplementors }
