"""What the operator can see of the service: every finished call, metrics, and the alarm for changed pages."""
