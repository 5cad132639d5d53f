export const texts = {
  title: 'Home',
  needs: 'What needs you',
  nothing: 'Nothing needs you now.',
  steps: 'First steps',
  day: 'The last 24 hours',
  demoTitle: 'Try it with the demo systems',
  demoAbout:
    'Small stand-ins for GitHub, Slack and an agent start inside this hub. They need no account, and nothing leaves this machine. You can remove them at any time.',
  demoStarted: 'The demo systems run. Now send the sample webhook.',
  demoStopped: 'The demo systems and what belongs to them are removed.',
  sampleSent: 'The sample webhook was sent. Its flow runs now.',
} as const
