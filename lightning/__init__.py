"""Lightning invoices and their settlement; knows no HTTP and no video."""
