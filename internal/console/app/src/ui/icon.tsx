const paths = {
  search: 'M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zm5 12 4.5 4.5',
  plus: 'M12 5v14M5 12h14',
  close: 'M6 6l12 12M18 6 6 18',
  previous: 'M15 5l-7 7 7 7',
  next: 'M9 5l7 7-7 7',
  first: 'M18 5l-7 7 7 7M6 5v14',
  users: 'M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8zm-7 10c0-4 3-7 7-7s7 3 7 7M16 3.5a4 4 0 0 1 0 7.200M18 14.500c2.500 1 4 3.500 4 6.500',
  upload: 'M12 16V4m-5 5 5-5 5 5M4 16v4h16v-4',
  key: 'M13 15.500a5.500 5.500 0 1 1-11 0 5.500 5.500 0 0 1 11 0zM11.500 11.500 21 2m-5.500 5.500 3 3L22 7l-3-3',
  up: 'M12 19V5m-6 6 6-6 6 6',
};

/** A small picture beside a text that says the same. */
export function Icon({ name }: { name: keyof typeof paths }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
