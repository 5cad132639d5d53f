/** The formats whose length is bounded, so that a value is checked at once. */
export const shortFormats: ReadonlySet<string> = new Set(['date', 'time', 'date-time', 'uuid'])

/** The values of `format`. */
export const formatNames: ReadonlySet<string> = new Set([
  ...shortFormats,
  ...`duration uri uri-reference uri-template url email hostname ipv4 ipv6 regex json-pointer relative-json-pointer byte int32 int64 float
  double password binary`.split(/\s+/),
])
