// What the clients ask for, typed by graphql-codegen. Relay has documents of its own, for its compiler wants fragments.

import { graphql } from './generated/graphql/index.js';

export const usersPage = graphql(`
  query UsersPage($first: Int!, $after: String) {
    users(first: $first, after: $after, orderBy: { field: EMAIL }) {
      edges {
        cursor
        node {
          id
          email
          firstName
          version
        }
      }
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
    }
  }
`);

export const createUser = graphql(`
  mutation CreateUser($input: CreateUserInput!) {
    createUser(input: $input) {
      user {
        id
        email
        firstName
        version
      }
      errors {
        code
        field
        message
      }
    }
  }
`);

export const updateUser = graphql(`
  mutation UpdateUser($input: UpdateUserInput!) {
    updateUser(input: $input) {
      user {
        id
        email
        firstName
        version
      }
      errors {
        code
        field
        message
      }
    }
  }
`);

export const changeCursor = graphql(`
  query ChangeCursor {
    changeCursor
  }
`);

export const userChanges = graphql(`
  subscription UserChanges($after: String!) {
    userChanges(after: $after) {
      cursor
      kind
      userId
      fields {
        field
        new
      }
    }
  }
`);
