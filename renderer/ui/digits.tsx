// Decides how digits look that a person compares on two screens: large, in two groups, read out one by one.
export const Digits = ({ code }: { code: string }) => (
  <p className="digits" role="img" aria-label={[...code].join(' ')}>
    {code.slice(0, 3)} {code.slice(3)}
  </p>
)
