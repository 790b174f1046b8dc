/** Whether a user is let in. */
export function Activity({ active }: { active: boolean }) {
  return active ? <span class="pill good">Active</span> : <span class="pill off">Inactive</span>;
}
