// This computer's time zone, for words such as "today" in a search.
export interface Here {
  timeZone: string | null;
  /** For a zone that the desk does not know. */
  utcOffsetMin: number;
}

export function here(): Here {
  return {
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone || null,
    utcOffsetMin: -new Date().getTimezoneOffset(),
  };
}
