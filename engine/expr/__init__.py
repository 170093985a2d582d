"""The expression language: JMESPath with exact arithmetic, checked against types and compiled to Python."""
