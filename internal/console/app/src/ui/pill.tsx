/** Whether a user is let in. The keys make another element of another state: none changes its size in its place. */
export function Activity({ active }: { active: boolean }) {
  return active ? (
    <span key="active" class="pill good">
      Active
    </span>
  ) : (
    <span key="inactive" class="pill off">
      Inactive
    </span>
  );
}
