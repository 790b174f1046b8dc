// What the Relay client asks for: what a component shows is a fragment, and the list is one that can be refetched.

import { graphql } from 'relay-runtime';

export const card = graphql`
  fragment documents_card on User {
    email
    firstName
    version
  }
`;

export const start = graphql`
  query documentsStartQuery($first: Int!) {
    ...documents_list @arguments(first: $first)
  }
`;

export const list = graphql`
  fragment documents_list on Query
  @refetchable(queryName: "documentsPageQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 50 }, after: { type: "String" }) {
    users(first: $first, after: $after, orderBy: { field: EMAIL }) @connection(key: "documents_users") {
      edges {
        node {
          id
          ...documents_card @relay(mask: false)
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`;

export const user = graphql`
  fragment documents_user on User @refetchable(queryName: "documentsUserRefetchQuery") {
    id
    ...documents_card @relay(mask: false)
  }
`;

export const userQuery = graphql`
  query documentsUserQuery($id: ID!) {
    node(id: $id) {
      ...documents_user @alias
    }
  }
`;

export const createUser = graphql`
  mutation documentsCreateUserMutation($input: CreateUserInput!) @raw_response_type {
    createUser(input: $input) {
      user {
        id
        ...documents_card @relay(mask: false)
      }
      errors {
        code
        field
        message
      }
    }
  }
`;

export const updateUser = graphql`
  mutation documentsUpdateUserMutation($input: UpdateUserInput!) @raw_response_type {
    updateUser(input: $input) {
      user {
        id
        ...documents_card @relay(mask: false)
      }
      errors {
        code
        field
        message
      }
    }
  }
`;

export const changeCursor = graphql`
  query documentsChangeCursorQuery {
    changeCursor
  }
`;

export const userChanges = graphql`
  subscription documentsUserChangesSubscription($after: String!) {
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
`;
