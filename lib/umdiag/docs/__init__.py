"""The documentation: Markdown pages per task, scenario and error, and the HTML that is built of them."""
